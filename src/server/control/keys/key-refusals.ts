// AWS's words for what key pairs refuse; grades as in the groups' texts.
import { invalidParameter, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** [L] */
export function keyNotFound(name: string): Refused {
  return refuse('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
}

/** Code [D], text [E]. */
export function keyIdNotFound(id: string): Refused {
  return refuse('InvalidKeyPair.NotFound', `The key pair ID '${id}' does not exist`);
}

/** [L] */
export function keyNameTaken(name: string): Refused {
  return refuse('InvalidKeyPair.Duplicate', `The keypair '${name}' already exists.`);
}

/** [L] */
export function keyMalformed(): Refused {
  return refuse('InvalidKey.Format', 'Key is not in valid OpenSSH public key format');
}

/** Rule [D API ImportKeyPair], text [U]. */
export function keyLength(bits: number): Refused {
  return refuse('InvalidKey.Format', `An RSA key of ${bits} bits is not supported: use 1024, 2048, 3072 or 4096`);
}

/** Rule [D API CreateKeyPair], text [U]. */
export function keyNameInvalid(name: string): Refused {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return invalidParameter('KeyName', shown, 'Names have 1 to 255 ASCII characters and no blank at either end.');
}
