// affinity_fcgid.test.mjs - the same with eight processes of mod_fcgid, each of
// which has one request at a time.

import { testAffinity } from './affinity_cases.mjs';

testAffinity('fcgid', 8);
