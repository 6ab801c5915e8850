// proxy_nginx.test.mjs - tenants and their users behind nginx.

import { proxyCases, proxyStack } from './proxy_cases.mjs';

proxyCases(proxyStack('nginx'));
