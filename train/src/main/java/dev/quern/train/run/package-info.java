/** The folder of a training run: configuration, metrics, checkpoints, report. */
package dev.quern.train.run;
