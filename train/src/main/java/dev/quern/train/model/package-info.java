/** What a trainer trains: models, and the kinds of models there are. */
package dev.quern.train.model;
