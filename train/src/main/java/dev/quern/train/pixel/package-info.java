/** The pixel model: a linear layer on local features, its training, evaluation and checkpoints. */
package dev.quern.train.pixel;
