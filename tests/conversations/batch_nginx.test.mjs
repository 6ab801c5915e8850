// batch_nginx.test.mjs - batches behind nginx, which tells of a client that
// left.

import { batchCases, batchStack, leavingCases } from './batch_cases.mjs';

const stack = batchStack('nginx');

batchCases(stack);
leavingCases(stack);
