package org.zeroseg.core.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import org.zeroseg.core.checkpoint.Pickle.Bytes;
import org.zeroseg.core.checkpoint.Pickle.Dictionary;
import org.zeroseg.core.checkpoint.Pickle.Global;
import org.zeroseg.core.checkpoint.Pickle.Sequence;
import org.zeroseg.core.checkpoint.TensorView.Storage;

/**
 * What {@code torch.save} and {@code torch.jit.save} write: a pickle that describes the tensors,
 * and the storages that they are windows on.
 */
final class TorchCheckpoint extends ListedCheckpoint {

  /** The first pickle of the format before PyTorch 1.6. */
  private static final BigInteger LEGACY_MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  private static final long LEGACY_PROTOCOL = 1001;
  private static final long LONGEST_PICKLE = 1L << 30;

  private final MappedFile file;
  private final Map<String, TensorView> views;
  private final Map<String, Long> storageStarts = new HashMap<>();

  private TorchCheckpoint(MappedFile file, Map<String, TensorView> views) {
    super(file.path().toString());
    this.file = file;
    this.views = views;
    views.forEach((name, view) -> tensors.put(name, view.info(file, name)));
  }

  /** A zip archive, also of TorchScript: {@code data.pkl} and one entry a storage. */
  static TorchCheckpoint ofZip(MappedFile file, String... keyPath) {
    ZipDirectory zip = new ZipDirectory(file);
    String pickleName = pickleOf(file, zip);
    String folder = pickleName.substring(0, pickleName.length() - "data.pkl".length());
    requireLittleEndian(file, zip, folder + "byteorder");
    ZipDirectory.Range range = zip.range(pickleName);
    requirePickleLength(file, range.length());
    ByteBuffer pickle = file.map(range.start(), range.length());
    Allowance allowance = new Allowance();
    Object value = Pickle.read(pickle, TorchCheckpoint::storage, allowance);
    TorchCheckpoint checkpoint =
        new TorchCheckpoint(file, StateDictionary.of(value, range.length(), allowance, keyPath));
    checkpoint.views.forEach(
        (name, view) -> {
          Storage storage = view.storage();
          ZipDirectory.Range stored = zip.range(folder + "data/" + storage.key());
          long needed =
              (storage.start() + storage.length()) * TorchFunctions.size(storage).orElse(0);
          if (stored.length() < needed) {
            throw file.refuse(
                "storage %s of tensor %s has %d bytes, not %d"
                    .formatted(storage.key(), name, stored.length(), needed));
          }
          checkpoint.storageStarts.put(storage.key(), stored.start());
        });
    return checkpoint;
  }

  private static String pickleOf(MappedFile file, ZipDirectory zip) {
    for (String name : zip.names()) {
      int slash = name.indexOf('/');
      if (name.substring(slash + 1).equals("data.pkl")) {
        return name;
      }
    }
    throw file.refuse("is a zip file without a data.pkl, so not a PyTorch checkpoint");
  }

  private static void requireLittleEndian(MappedFile file, ZipDirectory zip, String name) {
    if (zip.contains(name)) {
      ZipDirectory.Range range = zip.range(name);
      if (range.length() > 0 && file.copy(range.start(), 1).get(0) == 'b') {
        throw file.refuse("was written on a big-endian machine, which is not supported");
      }
    }
  }

  /**
   * What {@code pickle.dump} wrote of a dictionary of tensors, or the format before PyTorch 1.6:
   * pickles of a magic number, the protocol, the machine, the value and the keys of its storages,
   * then each storage's length and elements.
   */
  static TorchCheckpoint ofLegacy(MappedFile file, String... keyPath) {
    ByteBuffer pickles = file.map(0, Math.min(file.size(), LONGEST_PICKLE));
    Allowance allowance = new Allowance();
    Map<String, Long> starts = new HashMap<>();
    Object first =
        Pickle.read(
            pickles,
            TorchCheckpoint::noStorage,
            bytes -> embedded(file, pickles, bytes, starts, allowance),
            allowance);
    if (first instanceof Dictionary) {
      TorchCheckpoint checkpoint =
          new TorchCheckpoint(
              file, StateDictionary.of(first, pickles.position(), allowance, keyPath));
      checkpoint.storageStarts.putAll(starts);
      return checkpoint;
    }
    requireLegacy(file, first, pickles, allowance);
    int start = pickles.position();
    Map<String, Storage> roots = new HashMap<>();
    Object value =
        Pickle.read(
            pickles,
            id -> {
              Object found = storage(id);
              if (found instanceof Storage storage) {
                Storage root =
                    new Storage(
                        storage.key(),
                        storage.type(),
                        storage.elements(),
                        0,
                        (Long) id.elements.get(4));
                Storage known = roots.putIfAbsent(root.key(), root);
                if (known != null && !known.equals(root)) {
                  throw new CheckpointException(
                      "describes storage " + root.key() + " in two ways; it is damaged");
                }
              }
              return found;
            },
            allowance);
    TorchCheckpoint checkpoint =
        new TorchCheckpoint(
            file, StateDictionary.of(value, pickles.position() - (long) start, allowance, keyPath));
    if (!(Pickle.read(pickles, TorchCheckpoint::noStorage, allowance) instanceof Sequence keys)) {
      throw file.refuse("lacks the list of its storages");
    }
    long at = pickles.position();
    for (Object key : keys.elements) {
      Storage root = key instanceof String ? roots.get(key) : null;
      if (root == null) {
        throw file.refuse("lists a storage that no tensor uses");
      }
      int size =
          TorchFunctions.size(root)
              .orElseThrow(
                  () ->
                      file.refuse(
                          "has elements of %s, which are not known here, and what follows them cannot be found"
                              .formatted(root.elements())));
      long length = file.copy(at, 8).getLong();
      if (length != root.length() || length > (file.size() - at) / size) {
        throw file.refuse(
            "storage %s should have %d elements of %s; the file says %d and has %d bytes left"
                .formatted(key, root.length(), root.elements(), length, file.size() - at - 8));
      }
      checkpoint.storageStarts.put(root.key(), at + 8);
      at += 8 + length * size;
    }
    if (at > file.size()) {
      throw file.refuse("ends in the middle of its last storage; it is cut off");
    }
    checkpoint.views.forEach(
        (name, view) -> {
          if (!checkpoint.storageStarts.containsKey(view.storage().key())) {
            throw file.refuse("lacks the storage of tensor " + name);
          }
        });
    return checkpoint;
  }

  /** The version and the machine after the magic number. */
  private static void requireLegacy(
      MappedFile file, Object magic, ByteBuffer pickles, Allowance allowance) {
    if (!LEGACY_MAGIC.equals(magic)) {
      throw file.refuse("is a pickle, but not a PyTorch checkpoint");
    }
    if (!Long.valueOf(LEGACY_PROTOCOL)
        .equals(Pickle.read(pickles, TorchCheckpoint::noStorage, allowance))) {
      throw file.refuse("is of an unknown version of PyTorch's legacy format");
    }
    if (Pickle.read(pickles, TorchCheckpoint::noStorage, allowance) instanceof Dictionary machine
        && Boolean.FALSE.equals(machine.get("little_endian"))) {
      throw file.refuse("was written on a big-endian machine, which is not supported");
    }
  }

  /** A storage that pickle.dump wrote with its tensor: the format before 1.6 in bytes. */
  private static Object embedded(
      MappedFile file,
      ByteBuffer pickles,
      Bytes bytes,
      Map<String, Long> starts,
      Allowance allowance) {
    allowance.spend(bytes.length()); // bytes may be met again
    ByteBuffer inner = pickles.duplicate();
    inner.limit(bytes.start() + bytes.length()).position(bytes.start());
    Object magic = Pickle.read(inner, TorchCheckpoint::noStorage, allowance);
    requireLegacy(file, magic, inner, allowance);
    Object found = Pickle.read(inner, TorchCheckpoint::storage, allowance);
    Object keys = Pickle.read(inner, TorchCheckpoint::noStorage, allowance);
    if (!(found instanceof Storage storage)
        || !(keys instanceof Sequence one)
        || one.elements.size() != 1) {
      throw file.refuse("has something else than one storage in the bytes of its pickle");
    }
    long size = TorchFunctions.size(storage).orElse(1);
    inner.order(ByteOrder.LITTLE_ENDIAN);
    if (inner.remaining() < Long.BYTES
        || inner.getLong() != storage.length()
        || storage.start() != 0
        || storage.length() > inner.remaining() / size) {
      throw file.refuse("has a storage in its pickle whose length is not what it says");
    }
    String key = "bytes " + bytes.start();
    starts.put(key, (long) inner.position());
    return new Storage(key, storage.type(), storage.elements(), 0, storage.length());
  }

  private static void requirePickleLength(MappedFile file, long length) {
    if (length > LONGEST_PICKLE) {
      throw file.refuse("has a pickle of " + length + " bytes");
    }
  }

  private static Object noStorage(Sequence id) {
    throw new CheckpointException("has a storage where none can be; it is damaged");
  }

  /** A persistent id: 'storage', class, key, device, number of elements and perhaps a view. */
  private static Object storage(Sequence id) {
    try {
      Object kind = id.elements.get(0);
      if ("module".equals(kind)) {
        return id.elements.get(1); // a class with its source text, which is of no use here
      }
      Global storageClass = (Global) id.elements.get(1);
      DataType type =
          TorchFunctions.elements(storageClass)
              .orElseThrow(
                  () -> new CheckpointException("has elements of the unknown " + storageClass));
      String key = (String) id.elements.get(2);
      long length = (Long) id.elements.get(4);
      if (!"storage".equals(kind) || length < 0 || length > Long.MAX_VALUE / 16) {
        throw new CheckpointException("has a storage of " + length + " elements; it is damaged");
      }
      if (id.elements.size() > 5 && id.elements.get(5) instanceof Sequence view) {
        long viewStart = (Long) view.elements.get(1);
        long viewLength = (Long) view.elements.get(2);
        if (viewStart < 0 || viewLength < 0 || viewStart > length - viewLength) {
          throw new CheckpointException("has a view that lies outside its storage " + key);
        }
        return new Storage(key, type, storageClass.name(), viewStart, viewLength);
      }
      return new Storage(key, type, storageClass.name(), 0, length);
    } catch (ClassCastException | IndexOutOfBoundsException e) {
      throw new CheckpointException("describes a storage in an unknown way; it is damaged", e);
    }
  }

  @Override
  public ByteBuffer read(String name) {
    Layout.require(this, name);
    TensorView view = views.get(name);
    return view.read(file, storageStarts.get(view.storage().key()));
  }

  @Override
  public void copy(String name, ByteBuffer into) {
    Layout.require(this, name);
    TensorView view = views.get(name);
    view.copy(file, storageStarts.get(view.storage().key()), into);
  }

  @Override
  public void close() {
    file.close();
  }
}
