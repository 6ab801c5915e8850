// chat_apache.test.mjs - the chat cases behind Apache with mod_proxy_fcgi.

import { chatCases } from './chat_cases.mjs';

chatCases('apache');
