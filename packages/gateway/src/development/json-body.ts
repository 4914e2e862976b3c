/**
 * The bodies of the development mode's own requests.
 * @module
 */
import type { HonoRequest } from 'hono'
import type { z } from 'zod'
import { problem, responseOf } from '../problems.ts'

/** The body of a request where it fits the schema, or the answer that says what is wrong with it. */
export async function readJsonBody<Body>(
  request: HonoRequest,
  schema: z.ZodType<Body>,
): Promise<{ readonly body: Body } | Response> {
  const outcome = schema.safeParse(await request.json().catch(() => undefined))
  if (outcome.success) return { body: outcome.data }
  const [issue] = outcome.error.issues
  const where = issue === undefined || issue.path.length === 0 ? 'The body' : `"${issue.path.join('.')}"`
  return responseOf(problem(400, 'bad_request', `${where}: ${issue?.message ?? 'cannot be understood'}`))
}
