/** What the pixel model sees of a pixel: local features at a few scales. */
package dev.quern.train.features;
