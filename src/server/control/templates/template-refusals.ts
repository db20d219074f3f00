// AWS's words for what launch templates refuse; grades as in the groups' texts.
import { invalidCombination, invalidParameter, refuse, type Refusal } from '../refusal.ts';

type Refused = { readonly ok: false; readonly error: Refusal };

/** [L] */
export function templateNotFound(id: string): Refused {
  return /^lt-[0-9a-f]{1,17}$/.test(id)
    ? refuse(
        'InvalidLaunchTemplateId.NotFound',
        `The specified launch template, with template ID ${id}, does not exist.`,
      )
    : refuse('InvalidLaunchTemplateId.Malformed', `Invalid id: "${id.slice(0, 80)}" (expecting "lt-...")`);
}

/** [L] */
export function templateNameNotFound(name: string): Refused {
  return refuse(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name.slice(0, 128)}, does not exist.`,
  );
}

/** [L] */
export function templateNameTaken(): Refused {
  return refuse('InvalidLaunchTemplateName.AlreadyExistsException', 'Launch template name already in use.');
}

/** Code [R LocalStack], text [D]. */
export function templateNameMalformed(): Refused {
  return refuse(
    'InvalidLaunchTemplateName.MalformedException',
    "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the following characters: '-', '_', '.', '/', '(', and ')'.",
  );
}

/** Code [R LocalStack], text [L]. */
export function versionNotFound(version: string, id: string): Refused {
  return refuse(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version.slice(0, 40)} for the launch template with ID ${id}.`,
  );
}

/** Rule [D API], text [E]. */
export function templateNotNamed(): Refused {
  return refuse(
    'MissingParameter',
    'The request must contain either the launch template ID or the launch template name.',
  );
}

/** Rule [D API], text [U]. */
export function templateNamedTwice(): Refused {
  return invalidCombination('The parameters LaunchTemplateId and LaunchTemplateName may not both be specified.');
}

/** Code [R LocalStack], text [E]. */
export function templateEmpty(): Refused {
  return refuse('MissingParameter', 'The request must contain at least one launch template parameter.');
}

/** Rule [D API CreateLaunchTemplate], text [U]. */
export function versionDescriptionTooLong(): Refused {
  return invalidParameter('VersionDescription', '…', 'Descriptions have at most 255 characters.');
}

/** [U]: so that a record stays small. */
export function templateTooLarge(): Refused {
  return invalidParameter('LaunchTemplateData', '…', 'The data of a version has at most 64 KiB as JSON.');
}
