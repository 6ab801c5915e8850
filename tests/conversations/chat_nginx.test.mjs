// chat_nginx.test.mjs - the chat cases behind nginx.

import { chatCases } from './chat_cases.mjs';

chatCases('nginx', { tls: true });
