/** Decodes every kind of picture file that people have, and writes grey PNG files. */
package dev.quern.train.image;
