// losses_features.mjs - everything that a client can ask for, in the words of
// each dialect that clients speak: what a translated request may lose.
//
// A row is what it is called, the trace it leaves in what a provider is sent,
// and for each client's dialect that has it: the path by which a loss of it is
// named, and the members to send. Traces are values that stand nowhere else,
// or members that only this feature has. Further:
//
// - `control` is the same without the feature, where that is more than a plain
//   "Hello".
// - `also` is another path by which it may be refused. Without any path it can
//   be neither lost nor refused.
// - `moot` says that a provider without words for it does so anyhow.

import { contents } from './losses_contents.mjs';
import { members } from './losses_members.mjs';

export const features = [...members, ...contents];
