package org.zeroseg.clip.retrieval;

/**
 * A picture that was found.
 *
 * @param row where it is in the index
 * @param name its name there
 * @param score dot product with the query; the cosine where the query is a unit vector
 */
public record Match(int row, String name, float score) {}
