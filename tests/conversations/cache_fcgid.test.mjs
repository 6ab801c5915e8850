// cache_fcgid.test.mjs - the response cache where eight processes share it,
// each with one call at a time.

import { cacheStack, coalescingCases, formCases } from './cache_cases.mjs';

const stack = cacheStack('fcgid', { processes: 8 });

formCases(stack, ['openai_chat', 'anthropic']);
coalescingCases(stack, 8);
