package org.zeroseg.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.io.UncheckedIOException;

/**
 * Results as bytes on their way between tasks, whatever serializer Spark is set to: Kryo, as Spark
 * has it, cannot write records.
 */
final class Transport {

  private Transport() {}

  static byte[] bytes(Serializable value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static <T> T value(byte[] bytes, Class<T> type) {
    try (ObjectInputStream in = new OwnClasses(bytes)) {
      return type.cast(in.readObject());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException("a class of the result is not on this machine", e);
    }
  }

  /** Finds the application's classes, which may not be where Spark's are. */
  private static final class OwnClasses extends ObjectInputStream {

    OwnClasses(byte[] bytes) throws IOException {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass description)
        throws IOException, ClassNotFoundException {
      try {
        return Class.forName(description.getName(), false, Transport.class.getClassLoader());
      } catch (ClassNotFoundException e) {
        return super.resolveClass(description); // primitive types
      }
    }
  }
}
