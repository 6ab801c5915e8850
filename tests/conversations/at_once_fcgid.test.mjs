// at_once_fcgid.test.mjs - calls at once, with eight processes of mod_fcgid.

import { atOnceCases } from './at_once_cases.mjs';

atOnceCases({ web: 'fcgid', processes: 8 }, { isDaemon: false });
