package org.zeroseg.core.checkpoint;

import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Reads what PyTorch pickles (protocols 2 to 5). A pickle is a program for a stack machine; this
 * machine can put together dictionaries, sequences, text, numbers and tensors, and knows no other
 * deed. An object of any class becomes an {@link Instance}, a record of its name and its state; a
 * function that is not one of {@link TorchFunctions} is refused.
 *
 * <p>Memory: no length is believed before it is compared with the bytes that are left, and an
 * {@link Allowance} bounds what is made of few bytes.
 */
final class Pickle {

  /** Python's None. */
  static final Object NONE = new Object();

  /** A value that is read over: bytes, sets, devices, dates. */
  static final Object OPAQUE = new Object();

  private static final Object MARK = new Object();

  private static final Sequence EMPTY = new Sequence(List.of());

  private static final int LONGEST_LINE = 4096;

  /** Bytes; longer text names nothing and is read over. */
  private static final int LONGEST_TEXT = 1 << 20;

  /** Bytes; no longer numbers are of use here, and longer ones are read over. */
  private static final int LONGEST_USED_NUMBER = 16;

  /** Bytes. */
  private static final int LONGEST_NUMBER = 1024;

  // Containers are compared by identity, not by content: they may contain themselves.

  /**
   * A dictionary of any kind. Keys that can name nothing are left out with their values: those of
   * hostile pickles may all have one hash.
   */
  static final class Dictionary {

    private static final char NUMBER = '\0';

    private Map<String, Object> entries = Map.of();

    /** Takes an entry, and the memory for it. */
    void put(Object key, Object value, Allowance allowance) {
      if (key instanceof String text) {
        allowance.spend(Allowance.ENTRY);
        put(text, value);
      } else if (key instanceof Number || key instanceof Boolean) {
        allowance.spend(Allowance.ENTRY + Allowance.TEXT);
        put(NUMBER + key.toString(), value); // 1 and "1" are two keys
      }
    }

    private void put(String key, Object value) {
      if (entries.isEmpty()) {
        entries = new LinkedHashMap<>(4);
      }
      entries.put(key, value);
    }

    void putAll(Dictionary other, Allowance allowance) {
      allowance.spend((long) Allowance.ENTRY * other.entries.size());
      other.entries.forEach(this::put);
    }

    /** The value of a text, if any. */
    Object get(String key) {
      return entries.get(key);
    }

    int size() {
      return entries.size();
    }

    /** Hands over the entries, their keys to be given to {@link #name}. */
    void forEach(BiConsumer<String, Object> visitor) {
      entries.forEach(visitor);
    }

    static String name(String key) {
      return !key.isEmpty() && key.charAt(0) == NUMBER ? key.substring(1) : key;
    }
  }

  /** A list or a tuple. */
  static final class Sequence {
    final List<Object> elements;

    Sequence(List<Object> elements) {
      this.elements = elements;
    }
  }

  /** Bytes of the pickle itself, by their position in its buffer. */
  record Bytes(int start, int length) {}

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

  /** What {@code torch.save} wrote into the bytes of another pickle. */
  private static final Global EMBEDDED = new Global("torch.storage", "_load_from_bytes");

  private final ByteBuffer bytes;
  private final Function<Sequence, Object> persistent;
  private final Function<Bytes, Object> embedded;
  private final Allowance allowance;
  private final List<Object> stack = new ArrayList<>();
  private final List<Object> memo = new ArrayList<>();
  private int deepest; // of the stack so far
  private int paid; // the position up to which bytes have earned

  private Pickle(
      ByteBuffer bytes,
      Function<Sequence, Object> persistent,
      Function<Bytes, Object> embedded,
      Allowance allowance) {
    this.bytes = bytes.order(ByteOrder.LITTLE_ENDIAN);
    this.persistent = persistent;
    this.embedded = embedded;
    this.allowance = allowance;
    this.paid = bytes.position();
  }

  /**
   * Reads one pickle and leaves the buffer's position behind it.
   *
   * @param bytes the pickle and whatever follows
   * @param persistent makes a storage out of what the pickle says of it
   * @param allowance the memory that the value may take
   * @return the pickled value
   * @throws CheckpointException saying what is wrong, without the file's name
   */
  static Object read(ByteBuffer bytes, Function<Sequence, Object> persistent, Allowance allowance) {
    return read(
        bytes,
        persistent,
        inner -> {
          throw new CheckpointException("has a storage in its pickle where none can be");
        },
        allowance);
  }

  /**
   * The same for pickles that other pickles may lie in.
   *
   * @param embedded makes a storage out of what {@code torch.save} wrote
   */
  static Object read(
      ByteBuffer bytes,
      Function<Sequence, Object> persistent,
      Function<Bytes, Object> embedded,
      Allowance allowance) {
    try {
      return new Pickle(bytes, persistent, embedded, allowance).run();
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
        case 'K' -> push(number(bytes.get() & 0xff));
        case 'M' -> push(number(bytes.getShort() & 0xffff));
        case 'J' -> push(number(bytes.getInt()));
        case 0x8a -> push(integer(bytes.get() & 0xff));
        case 0x8b -> push(integer(bytes.getInt()));
        case 'G' -> {
          spend(Allowance.NUMBER);
          push(Double.longBitsToDouble(Long.reverseBytes(bytes.getLong())));
        }
        case 0x8c, 'U' -> push(text(bytes.get() & 0xff));
        case 'X', 'T' -> push(text(bytes.getInt()));
        case 0x8d -> push(text(bytes.getLong()));
        case 'C' -> skip(bytes.get() & 0xff);
        case 'B' -> skip(bytes.getInt());
        case 0x8e, 0x96 -> skip(bytes.getLong());

        case ')' -> push(EMPTY);
        case 0x85 -> tuple(stack.size() - 1);
        case 0x86 -> tuple(stack.size() - 2);
        case 0x87 -> tuple(stack.size() - 3);
        case 't', 'l' -> tupleFromMark();
        case ']' -> {
          spend(Allowance.SEQUENCE);
          push(new Sequence(new ArrayList<>(0)));
        }
        case 'a' -> append(stack.size() - 1);
        case 'e' -> append(toMark());
        case '}' -> {
          spend(Allowance.DICTIONARY);
          push(new Dictionary());
        }
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
        case 'q' -> remember(bytes.get() & 0xff);
        case 'r' -> remember(bytes.getInt() & 0xffffffffL);
        case 0x94 -> remember(memo.size());
        case 'h' -> push(remembered(bytes.get() & 0xff));
        case 'j' -> push(remembered(bytes.getInt() & 0xffffffffL));

        case 'c' -> {
          spend(Allowance.NUMBER);
          push(new Global(line(), line()));
        }
        case 0x93 -> {
          String name = pop(String.class);
          spend(Allowance.NUMBER);
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
        case 'Q' -> {
          spend(Allowance.VIEW);
          push(persistent.apply(pop(Sequence.class)));
        }
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
      allowance.earn(bytes.position() - paid);
      paid = bytes.position();
      value =
          function.equals(EMBEDDED)
              ? Optional.of(embedded.apply((Bytes) arguments.elements.get(0)))
              : TorchFunctions.call(function, arguments.elements, allowance);
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
  private Object instance(Global type) {
    spend(Allowance.INSTANCE);
    return TorchFunctions.isDictionary(type) ? new Dictionary() : new Instance(type);
  }

  private void spend(long memory) {
    allowance.earn(bytes.position() - paid);
    paid = bytes.position();
    allowance.spend(memory);
  }

  private Object number(long value) {
    if (value != (byte) value) { // small numbers are shared
      spend(Allowance.NUMBER);
    }
    return value;
  }

  private Object integer(int length) {
    if (length > LONGEST_NUMBER) {
      throw new CheckpointException("its pickle has a number of " + length + " bytes");
    }
    if (length > LONGEST_USED_NUMBER) {
      requireRemaining(length);
      bytes.position(bytes.position() + length);
      return OPAQUE;
    }
    byte[] littleEndian = take(length);
    byte[] bigEndian = new byte[length + 1];
    for (int i = 0; i < length; i++) {
      bigEndian[length - i] = littleEndian[i];
    }
    bigEndian[0] = (byte) (length > 0 && littleEndian[length - 1] < 0 ? -1 : 0);
    BigInteger value = new BigInteger(bigEndian);
    if (value.bitLength() < Long.SIZE) {
      return number(value.longValue());
    }
    spend(3 * Allowance.NUMBER);
    return value;
  }

  private Object text(long length) {
    if (length > LONGEST_TEXT) {
      requireRemaining(length);
      bytes.position(bytes.position() + (int) length);
      return OPAQUE;
    }
    return string(take(length));
  }

  private String string(byte[] utf8) {
    String text = new String(utf8, StandardCharsets.UTF_8);
    boolean narrow = text.length() == utf8.length; // letters of one byte each
    spend(Allowance.TEXT + text.length() * (narrow ? 1L : 2L));
    return text;
  }

  private String line() {
    int start = bytes.position();
    int length = 0;
    while (bytes.get() != '\n') {
      length++;
      if (length > LONGEST_LINE) {
        throw new CheckpointException("its pickle has a name of over " + LONGEST_LINE + " bytes");
      }
    }
    byte[] name = new byte[length];
    bytes.get(start, name);
    return string(name);
  }

  private byte[] take(long length) {
    requireRemaining(length);
    byte[] taken = new byte[(int) length];
    bytes.get(taken);
    return taken;
  }

  private void skip(long length) {
    requireRemaining(length);
    spend(Allowance.NUMBER);
    push(new Bytes(bytes.position(), (int) length));
    bytes.position(bytes.position() + (int) length);
  }

  private void requireRemaining(long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw new CheckpointException(
          "its pickle claims %d bytes where %d are left; it is damaged or cut off"
              .formatted(length, bytes.remaining()));
    }
  }

  private void push(Object value) {
    if (stack.size() == deepest) {
      deepest++;
      spend(Allowance.SLOT);
    }
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

  private void remember(long key) {
    Object value = peek();
    if (key >= memo.size()) {
      spend(Allowance.SLOT * (key + 1 - memo.size()));
      while (key > memo.size()) {
        memo.add(null);
      }
      memo.add(value);
    } else {
      memo.set((int) key, value);
    }
  }

  private Object remembered(long key) {
    Object value = key < memo.size() ? memo.get((int) key) : null;
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
    spend(Allowance.SEQUENCE + Allowance.SLOT * (stack.size() - (long) start));
    push(new Sequence(cut(start)));
  }

  private void tupleFromMark() {
    tuple(toMark());
  }

  private void append(int start) {
    List<Object> values = cut(start);
    if (peek() instanceof Sequence sequence && sequence.elements instanceof ArrayList) {
      spend((long) Allowance.SLOT * values.size());
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
    spend(0);
    for (int i = 0; target != null && i < values.size(); i += 2) {
      target.put(values.get(i), values.get(i + 1), allowance);
    }
  }
}
