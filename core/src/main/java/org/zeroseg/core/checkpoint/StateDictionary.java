package org.zeroseg.core.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.zeroseg.core.checkpoint.Pickle.Dictionary;
import org.zeroseg.core.checkpoint.Pickle.Instance;
import org.zeroseg.core.checkpoint.Pickle.Sequence;

/**
 * The tensors in a pickled value under dotted names: the keys of dictionaries, the positions in
 * lists, the attributes of TorchScript modules, the parameters and buffers of whole pickled
 * modules.
 */
final class StateDictionary {

  private static final int DEEPEST = 200;

  /** Names are made of pickled text, so a pickle this many times shorter repeats itself. */
  private static final int REPETITION = 16;

  /** How often a container may be met again. */
  private static final int MEETINGS = 4;

  private final Map<String, TensorView> tensors = new LinkedHashMap<>();

  /** The keys from outside to here, joined for tensors only: hostile ones may be long. */
  private final List<String> path = new ArrayList<>();

  private final Allowance allowance;
  private long characters;
  private long visits;

  private StateDictionary(long pickledBytes, Allowance allowance) {
    this.allowance = allowance;
    characters = 4096 + REPETITION * pickledBytes;
    visits = 4096 + MEETINGS * pickledBytes;
  }

  /**
   * Collects the tensors.
   *
   * @param value what was unpickled
   * @param pickledBytes the length of the pickle, which bounds the effort
   * @param allowance the memory that names and tensors may take
   * @param keyPath the keys that lead to the wanted part
   * @throws CheckpointException saying what is wrong, without the file's name
   */
  static Map<String, TensorView> of(
      Object value, long pickledBytes, Allowance allowance, String... keyPath) {
    Object wanted = value;
    for (String key : keyPath) {
      Map<String, Object> entries = new LinkedHashMap<>();
      forEachChild(wanted, (name, child) -> entries.put(name, child));
      wanted = entries.get(key);
      if (wanted == null) {
        throw new CheckpointException(
            "has no '%s' (of the key path %s); there are %s"
                .formatted(key, List.of(keyPath), Layout.some(entries.keySet())));
      }
    }
    StateDictionary collected = new StateDictionary(pickledBytes, allowance);
    collected.collect(wanted);
    if (collected.tensors.isEmpty()) {
      throw new CheckpointException(
          "holds no tensors" + (keyPath.length > 0 ? " at " + List.of(keyPath) : ""));
    }
    return collected.tensors;
  }

  private void collect(Object value) {
    visits -= 1 + children(value);
    if (path.size() > DEEPEST || visits < 0) {
      throw endless();
    }
    if (value instanceof TensorView tensor) {
      add(tensor);
      return;
    }
    forEachChild(
        value,
        (key, child) -> {
          path.add(key);
          collect(child);
          path.remove(path.size() - 1);
        });
  }

  /** What is looked at for a value's sake, of use or not. */
  private static int children(Object value) {
    if (value instanceof Dictionary dictionary) {
      return dictionary.size();
    }
    if (value instanceof Instance instance) {
      return instance.items.size() + children(instance.state);
    }
    return value instanceof Sequence sequence ? sequence.elements.size() : 0;
  }

  private void add(TensorView tensor) {
    long length = path.stream().mapToLong(key -> key.length() + 1L).sum();
    characters -= length;
    if (characters < 0) {
      throw endless();
    }
    allowance.spend(Allowance.TENSOR + length);
    String name = String.join(".", path);
    if (tensors.put(name.isEmpty() ? "tensor" : name, tensor) != null) {
      throw new CheckpointException("has two tensors called " + name);
    }
  }

  private static CheckpointException endless() {
    return new CheckpointException("its containers are nested without end");
  }

  /** Hands over what may be or contain a tensor, with its key. */
  private static void forEachChild(Object value, BiConsumer<String, Object> visitor) {
    if (value instanceof Dictionary dictionary) {
      forEachEntry(dictionary, visitor);
    } else if (value instanceof Sequence sequence) {
      for (int i = 0; i < sequence.elements.size(); i++) {
        visit(i, sequence.elements.get(i), visitor);
      }
    } else if (value instanceof Instance instance) {
      forEachEntry(instance.items, visitor);
      if (instance.state instanceof Dictionary state) {
        forEachAttribute(state, visitor);
      }
    }
  }

  private static void forEachAttribute(Dictionary state, BiConsumer<String, Object> visitor) {
    if (state.get("_parameters") instanceof Dictionary parameters
        && state.get("_buffers") instanceof Dictionary buffers
        && state.get("_modules") instanceof Dictionary modules) {
      forEachEntry(parameters, visitor);
      forEachEntry(buffers, visitor);
      forEachEntry(modules, visitor);
    } else {
      forEachEntry(state, visitor);
    }
  }

  private static void forEachEntry(Dictionary dictionary, BiConsumer<String, Object> visitor) {
    dictionary.forEach((key, child) -> visit(key, child, visitor));
  }

  private static void visit(Object key, Object child, BiConsumer<String, Object> visitor) {
    if (child instanceof TensorView
        || child instanceof Dictionary
        || child instanceof Sequence
        || child instanceof Instance) {
      visitor.accept(Dictionary.name(key.toString()), child);
    }
  }
}
