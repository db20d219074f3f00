import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { line, lookOf, padded, printable, printableJson, renderSheet, row } from './terminal.ts';

const PLAIN = { width: 40, colour: false };
const tty = { write: () => true, isTTY: true, columns: 100 };
const file = { write: () => true };

describe('printable', () => {
  test('shows what would steer a terminal instead of obeying it', () => {
    assert.equal(printable('a\u001b[31mred'), 'a\\x1b[31mred');
    assert.equal(printable('two\nlines\r'), 'two\\x0alines\\x0d');
    assert.equal(printable('\u009b2J'), '\\x9b2J');
    assert.equal(printable('safe\u202egpj.exe'), 'safe\\u{202e}gpj.exe');
    assert.equal(printable('\ud800'), '\\u{d800}');
    assert.equal(printable('Zürich 日本 ✓'), 'Zürich 日本 ✓');
  });

  test('no text gets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('printableJson', () => {
  test('is what JSON.stringify gives with an indent of two', () => {
    fc.assert(
      fc.property(fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue())), (document) => {
        const plain = JSON.stringify(document, undefined, 2);
        fc.pre(!/[\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u007f-\u009f]/u.test(plain));
        assert.equal([...printableJson(document)].join(''), plain);
      }),
    );
  });

  test('reads back the same and holds no control character but newlines', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const json = [...printableJson({ text })].join('');
        assert.deepEqual(JSON.parse(json), { text });
        assert.doesNotMatch(json.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('renderSheet', () => {
  test('wraps the body behind the lead', () => {
    const sheet = [row(2, ['stage  '], ['one two three four five six seven eight nine'])];
    assert.equal(
      renderSheet(sheet, PLAIN),
      ['  stage  one two three four five six', '         seven eight nine', ''].join('\n'),
    );
  });

  test('a word longer than the line stands alone on it', () => {
    const long = 'x'.repeat(60);
    assert.equal(renderSheet([line(`before ${long} after`)], PLAIN), `before\n${long}\nafter\n`);
  });

  test('a name cannot make a line of its own', () => {
    assert.equal(renderSheet([line('name\nALLOWED: everything')], PLAIN), 'name\\x0aALLOWED: everything\n');
  });

  test('colours say nothing that the words do not', () => {
    const sheet = [line({ text: 'BLOCKED', style: 'bad' }, ': no')];
    assert.equal(renderSheet(sheet, PLAIN), 'BLOCKED: no\n');
    assert.equal(renderSheet(sheet, { ...PLAIN, colour: true }), '\u001b[31mBLOCKED\u001b[39m: no\n');
  });

  test('padding counts what is printed, escapes included', () => {
    assert.equal(padded('a\n', 8), 'a\\x0a   ');
  });
});

describe('lookOf', () => {
  test('a terminal is coloured, a file is not', () => {
    assert.equal(lookOf({ env: {} }, tty).colour, true);
    assert.equal(lookOf({ env: {} }, file).colour, false);
    assert.equal(lookOf({ env: { TERM: 'dumb' } }, tty).colour, false);
  });

  test('NO_COLOR and --no-color switch off, FORCE_COLOR switches on', () => {
    assert.equal(lookOf({ env: { NO_COLOR: '1' } }, tty).colour, false);
    assert.equal(lookOf({ env: { NO_COLOR: '' } }, tty).colour, true);
    assert.equal(lookOf({ env: {} }, tty, false).colour, false);
    assert.equal(lookOf({ env: { FORCE_COLOR: '1' } }, file).colour, true);
    assert.equal(lookOf({ env: { FORCE_COLOR: '0' } }, tty).colour, false);
    assert.equal(lookOf({ env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, file).colour, false);
  });

  test('lines are as wide as the terminal within reason, 80 elsewhere', () => {
    assert.equal(lookOf({ env: {} }, tty).width, 100);
    assert.equal(lookOf({ env: {} }, { ...tty, columns: 500 }).width, 120);
    assert.equal(lookOf({ env: {} }, { ...tty, columns: 10 }).width, 40);
    assert.equal(lookOf({ env: {} }, file).width, 80);
  });
});
