/** The report of a run: one HTML file with curves, examples and numbers. */
package dev.quern.train.report;
