package org.zeroseg.core.image;

import java.io.IOException;

/** A picture that is not read; the message goes on after the picture's name. */
final class RefusedException extends IOException {

  private static final long serialVersionUID = 1;

  RefusedException(String reason) {
    super(reason);
  }
}
