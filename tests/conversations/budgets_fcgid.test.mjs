// The same where each process serves one call at a time.

import { budgetCases } from './budgets_cases.mjs';

budgetCases({ web: 'fcgid', processes: 8 }, { isDaemon: false });
