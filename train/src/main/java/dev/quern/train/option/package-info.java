/** The options of a training: each is declared once, with the setting of the run that it is. */
package dev.quern.train.option;
