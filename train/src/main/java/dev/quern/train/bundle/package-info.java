/** The {@code bundle} command: Quern with its own Java runtime in one archive. */
package dev.quern.train.bundle;
