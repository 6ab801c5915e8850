// Budgets behind nginx, with two processes.

import { budgetCases } from './budgets_cases.mjs';

budgetCases({ processes: 2, set: { 'server.loops': 2 } }, { isDaemon: true });
