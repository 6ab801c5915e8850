// affinity_nginx.test.mjs - long prompts, behind nginx, with two processes.

import { testAffinity } from './affinity_cases.mjs';

testAffinity('nginx', 2);
