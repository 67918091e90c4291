package org.zeroseg.clip.retrieval;

/**
 * A picture that could not be put into an index.
 *
 * @param name as the index would have named it
 * @param reason what went wrong
 */
public record Unreadable(String name, String reason) {}
