/** The loss of a training, from the text that names it to value and gradient. */
package dev.quern.train.loss;
