/**
 * What an engine is made of: the backends found, its memory, its plans, what looks at its calls,
 * and how operations become calls. Not exported, and written in the words of {@link dev.quern}.
 */
package dev.quern.engine;
