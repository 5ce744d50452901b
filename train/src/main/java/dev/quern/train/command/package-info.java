/** The commands of the {@code quern} command line. */
package dev.quern.train.command;
