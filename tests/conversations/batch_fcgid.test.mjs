// batch_fcgid.test.mjs - batches where each process has one call at a time.

import { batchCases, batchStack } from './batch_cases.mjs';

const stack = batchStack('fcgid', { processes: 3 });

batchCases(stack);
