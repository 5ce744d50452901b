/** What every decoder of pictures stands on: samples and their storage, faults, parts of files. */
package dev.quern.train.image.sample;
