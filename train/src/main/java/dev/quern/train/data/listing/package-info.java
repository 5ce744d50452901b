/** What samples a folder or a list has, before a picture is read. */
package dev.quern.train.data.listing;
