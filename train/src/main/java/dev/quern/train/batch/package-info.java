/** What feeds a model: batches of a training, pieces of whole images, prepared ahead. */
package dev.quern.train.batch;
