// costs_fcgid.test.mjs - costs and tests of providers behind mod_fcgid.

import { costsCases, costsStack } from './costs_cases.mjs';

costsCases(costsStack('fcgid', { processes: 3 }));
