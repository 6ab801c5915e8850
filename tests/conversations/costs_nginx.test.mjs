// costs_nginx.test.mjs - costs and tests of providers behind nginx.

import { costsCases, costsStack } from './costs_cases.mjs';

costsCases(costsStack('nginx'));
