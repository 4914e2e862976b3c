import { connectPostgresJs, describeStore } from './postgres-harness.ts'

describeStore('postgres.js', connectPostgresJs)
