// attempts_fcgid.test.mjs - attempts, with eight processes of mod_fcgid.

import { testAttempts } from './attempts.mjs';

testAttempts('fcgid', 8);
