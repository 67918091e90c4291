package org.zeroseg.core.checkpoint;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads what PyTorch pickles (protocols 2 to 5). A pickle is a program for a stack machine; this
 * machine can put together dictionaries, sequences, text, numbers and tensors, and knows no other
 * deed. An object of any class becomes an {@link Instance}, a record of its name and its state; a
 * function that is not one of {@link TorchFunctions} is refused.
 *
 * <p>Memory: every value comes from at least one byte of the pickle and no length is believed
 * before it is compared with the bytes that are left.
 */
final class Pickle {

  /** Python's None. */
  static final Object NONE = new Object();

  /** A value that is read over: bytes, sets, devices, dates. */
  static final Object OPAQUE = new Object();

  private static final Object MARK = new Object();

  private static final int LONGEST_LINE = 4096;

  /** Bytes; the digits of longer ones, should they be keys, would take too long to write. */
  private static final int LONGEST_NUMBER = 1024;

  // Containers are compared by identity, not by content: they may contain themselves.

  /** A dictionary of any kind. */
  static final class Dictionary {
    final Map<Object, Object> entries = new LinkedHashMap<>(4);
  }

  /** A list or a tuple. */
  static final class Sequence {
    final List<Object> elements;

    Sequence(List<Object> elements) {
      this.elements = elements;
    }
  }

  /** The name of a class or function. */
  record Global(String module, String name) {
    @Override
    public String toString() {
      return module + "." + name;
    }
  }

  /** An object of a class that exists only by its name here. */
  static final class Instance {
    final Global type;
    final Dictionary items = new Dictionary();
    Object state = NONE;

    Instance(Global type) {
      this.type = type;
    }
  }

  private final ByteBuffer bytes;
  private final Function<Sequence, Object> persistent;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();

  private Pickle(ByteBuffer bytes, Function<Sequence, Object> persistent) {
    this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
    this.persistent = persistent;
  }

  /**
   * Reads one pickle and leaves the buffer's position behind it.
   *
   * @param bytes the pickle and whatever follows
   * @param persistent makes a storage out of what the pickle says of it
   * @return the pickled value
   * @throws CheckpointException saying what is wrong, without the file's name
   */
  static Object read(ByteBuffer bytes, Function<Sequence, Object> persistent) {
    try {
      return new Pickle(bytes, persistent).run();
    } catch (BufferUnderflowException e) {
      throw new CheckpointException("its pickle is cut off", e);
    }
  }

  private Object run() {
    while (true) {
      int opcode = bytes.get() & 0xff;
      switch (opcode) {
        case 0x80 -> requireProtocol(bytes.get());
        case 0x95 -> bytes.getLong(); // FRAME: a hint for buffering
        case '.' -> {
          return pop();
        }

        case 'N' -> push(NONE);
        case 0x88 -> push(true);
        case 0x89 -> push(false);
        case 'K' -> push((long) (bytes.get() & 0xff));
        case 'M' -> push((long) (bytes.getShort() & 0xffff));
        case 'J' -> push((long) bytes.getInt());
        case 0x8a -> push(integer(bytes.get() & 0xff));
        case 0x8b -> push(integer(bytes.getInt()));
        case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(bytes.getLong())));
        case 0x8c, 'U' -> push(text(bytes.get() & 0xff));
        case 'X', 'T' -> push(text(bytes.getInt()));
        case 0x8d -> push(text(bytes.getLong()));
        case 'C' -> skip(bytes.get() & 0xff);
        case 'B' -> skip(bytes.getInt());
        case 0x8e, 0x96 -> skip(bytes.getLong());

        case ')' -> push(new Sequence(List.of()));
        case 0x85 -> tuple(stack.size() - 1);
        case 0x86 -> tuple(stack.size() - 2);
        case 0x87 -> tuple(stack.size() - 3);
        case 't', 'l' -> tupleFromMark();
        case ']' -> push(new Sequence(new ArrayList<>(2)));
        case 'a' -> append(stack.size() - 1);
        case 'e' -> append(toMark());
        case '}' -> push(new Dictionary());
        case 's' -> setItems(stack.size() - 2);
        case 'u' -> setItems(toMark());
        case 0x8f -> push(OPAQUE); // EMPTY_SET
        case 0x90 -> cut(toMark()); // ADDITEMS
        case 0x91 -> { // FROZENSET
          cut(toMark());
          push(OPAQUE);
        }

        case '(' -> push(MARK);
        case '0' -> pop();
        case '1' -> cut(toMark());
        case '2' -> push(peek());
        case 'q' -> memo.put(bytes.get() & 0xff, peek());
        case 'r' -> memo.put(bytes.getInt(), peek());
        case 0x94 -> memo.put(memo.size(), peek());
        case 'h' -> push(remembered(bytes.get() & 0xff));
        case 'j' -> push(remembered(bytes.getInt()));

        case 'c' -> push(new Global(line(), line()));
        case 0x93 -> {
          String name = pop(String.class);
          push(new Global(pop(String.class), name));
        }
        case 'R' -> {
          Sequence arguments = pop(Sequence.class);
          push(call(pop(Global.class), arguments));
        }
        case 0x81 -> {
          pop(Sequence.class);
          push(instance(pop(Global.class)));
        }
        case 0x92 -> {
          pop(); // keyword arguments
          pop(Sequence.class);
          push(instance(pop(Global.class)));
        }
        case 'b' -> {
          Object state = pop();
          if (peek() instanceof Instance instance) {
            instance.state = state;
          }
        }
        case 'Q' -> push(persistent.apply(pop(Sequence.class)));
        case 'i', 'o' ->
            throw new CheckpointException(
                "its pickle asks to call a function, which is never done; the file may be hostile");
        default ->
            throw new CheckpointException(
                "its pickle has the unknown instruction 0x%02x at byte %d; it is damaged or not PyTorch's"
                    .formatted(opcode, bytes.position() - 1));
      }
    }
  }

  private static void requireProtocol(int protocol) {
    if (protocol < 2 || protocol > 5) {
      throw new CheckpointException("its pickle is of protocol " + protocol + ", not 2 to 5");
    }
  }

  private Object call(Global function, Sequence arguments) {
    Optional<Object> value;
    try {
      value = TorchFunctions.call(function, arguments.elements);
    } catch (ClassCastException | IndexOutOfBoundsException e) {
      throw new CheckpointException(
          "its pickle gives " + function + " arguments that do not fit; it is damaged", e);
    }
    return value.orElseThrow(
        () ->
            new CheckpointException(
                "its pickle asks to call "
                    + function
                    + ", which is never done: only tensors, containers and numbers are read; the "
                    + "file may be hostile"));
  }

  /** Creating an object without calling its constructor: a name that may get a state. */
  private static Object instance(Global type) {
    return TorchFunctions.isDictionary(type) ? new Dictionary() : new Instance(type);
  }

  private Object integer(int length) {
    if (length > LONGEST_NUMBER) {
      throw new CheckpointException("its pickle has a number of " + length + " bytes");
    }
    byte[] littleEndian = take(length);
    byte[] bigEndian = new byte[length + 1];
    for (int i = 0; i < length; i++) {
      bigEndian[length - i] = littleEndian[i];
    }
    bigEndian[0] = (byte) (length > 0 && littleEndian[length - 1] < 0 ? -1 : 0);
    BigInteger value = new BigInteger(bigEndian);
    return value.bitLength() < Long.SIZE ? (Object) value.longValue() : value;
  }

  private String text(long length) {
    return new String(take(length), StandardCharsets.UTF_8);
  }

  private String line() {
    int start = bytes.position();
    int end = start;
    while (bytes.get(requireReadable(end)) != '\n') {
      end++;
    }
    if (end - start > LONGEST_LINE) {
      throw new CheckpointException("its pickle has a name of " + (end - start) + " bytes");
    }
    String line = text(end - start);
    bytes.get();
    return line;
  }

  private int requireReadable(int index) {
    if (index >= bytes.limit()) {
      throw new BufferUnderflowException();
    }
    return index;
  }

  private byte[] take(long length) {
    requireRemaining(length);
    byte[] taken = new byte[(int) length];
    bytes.get(taken);
    return taken;
  }

  private void skip(long length) {
    requireRemaining(length);
    bytes.position(bytes.position() + (int) length);
    push(OPAQUE);
  }

  private void requireRemaining(long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw new CheckpointException(
          "its pickle claims %d bytes where %d are left; it is damaged or cut off"
              .formatted(length, bytes.remaining()));
    }
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object peek() {
    if (stack.isEmpty()) {
      throw new CheckpointException("its pickle takes more than it has made; it is damaged");
    }
    return stack.get(stack.size() - 1);
  }

  private Object pop() {
    Object value = peek();
    stack.remove(stack.size() - 1);
    return value;
  }

  private <T> T pop(Class<T> type) {
    Object value = pop();
    if (!type.isInstance(value)) {
      throw new CheckpointException(
          "its pickle has something else where a %s must be; it is damaged"
              .formatted(type.getSimpleName().toLowerCase(Locale.ROOT)));
    }
    return type.cast(value);
  }

  private Object remembered(int key) {
    Object value = memo.get(key);
    if (value == null) {
      throw new CheckpointException("its pickle recalls what it never noted; it is damaged");
    }
    return value;
  }

  /** Where the values above the topmost mark begin; the mark itself lies one below. */
  private int toMark() {
    for (int i = stack.size() - 1; i >= 0; i--) {
      if (stack.get(i) == MARK) {
        stack.remove(i);
        return i;
      }
    }
    throw new CheckpointException("its pickle lacks a mark; it is damaged");
  }

  private List<Object> cut(int start) {
    if (start < 0) {
      throw new CheckpointException("its pickle takes more than it has made; it is damaged");
    }
    List<Object> top = stack.subList(start, stack.size());
    List<Object> values = new ArrayList<>(top);
    top.clear();
    return values;
  }

  private void tuple(int start) {
    push(new Sequence(cut(start)));
  }

  private void tupleFromMark() {
    tuple(toMark());
  }

  private void append(int start) {
    List<Object> values = cut(start);
    if (peek() instanceof Sequence sequence && sequence.elements instanceof ArrayList) {
      sequence.elements.addAll(values);
    }
  }

  private void setItems(int start) {
    List<Object> values = cut(start);
    if (values.size() % 2 != 0) {
      throw new CheckpointException("its pickle has a key without a value; it is damaged");
    }
    Dictionary target =
        peek() instanceof Dictionary dictionary
            ? dictionary
            : peek() instanceof Instance instance ? instance.items : null;
    for (int i = 0; target != null && i < values.size(); i += 2) {
      target.entries.put(values.get(i), values.get(i + 1));
    }
  }
}
