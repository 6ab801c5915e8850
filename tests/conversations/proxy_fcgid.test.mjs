// proxy_fcgid.test.mjs - tenants and their users, whom several processes count.

import { proxyCases, proxyStack } from './proxy_cases.mjs';

proxyCases(proxyStack('fcgid', { processes: 3 }));
