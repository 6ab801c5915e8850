// The same on a machine that takes its budgets in slices from the database.

import { budgetCases } from './budgets_cases.mjs';

budgetCases({
	processes: 2, set: { 'server.loops': 2, 'limits.shared': 'mariadb',
		'limits.slice_usd': '0.01' },
}, { isDaemon: true });
