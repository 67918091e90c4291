package org.zeroseg.core.export;

import java.io.Closeable;
import java.io.IOException;
import java.util.SortedMap;

/**
 * Writes annotated pictures as they come, in memory that does not grow with their number. Files
 * that hold one picture are complete after {@link #add}, those about all pictures after {@link
 * #finish}; neither is ever seen in part. A picture that fails leaves out itself only.
 *
 * <p>The categories are those of the first segmentation, in their order, then what later ones name
 * besides. Not thread-safe.
 */
public interface AnnotationWriter extends AnnotationSink, Closeable {

  /**
   * Writes what concerns all pictures; nothing can be added after.
   *
   * @return what the format could not hold as it was, such as {@code "parts joined by a seam"}, and
   *     how many; empty if everything was kept
   * @throws IOException if it cannot be written; what was there before is still there
   */
  SortedMap<String, Long> finish() throws IOException;

  /**
   * Ends the writing; without {@link #finish} before, files about all pictures stay as they were.
   */
  @Override
  void close() throws IOException;
}
