// chat_fcgid.test.mjs - the chat cases behind Apache with mod_fcgid.

import { chatCases } from './chat_cases.mjs';

chatCases('fcgid');
