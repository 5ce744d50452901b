/** The pixel model: a linear layer on local features. */
package dev.quern.train.pixel;
