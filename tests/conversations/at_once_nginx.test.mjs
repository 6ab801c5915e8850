// at_once_nginx.test.mjs - calls at once, behind nginx with two processes.

import { atOnceCases } from './at_once_cases.mjs';

atOnceCases({ processes: 2 }, { isDaemon: true });
