/** The loss of a training, from the text that names it. */
package dev.quern.train.loss;
