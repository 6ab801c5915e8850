// attempts_nginx.test.mjs - attempts, behind nginx, with two processes.

import { testAttempts } from './attempts.mjs';

testAttempts('nginx', 2);
