import { connectPg, describeStore } from './postgres-harness.ts'

describeStore('pg', connectPg)
