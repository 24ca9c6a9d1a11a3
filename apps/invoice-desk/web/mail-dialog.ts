import { ApiError, resendMail } from './api.js';
import { byId } from './element.js';
import { say, sayError } from './messages.js';
import { toast } from './toast.js';

/** Asks for addresses and resends the delivery e-mail. */
export class MailDialog {
  readonly #dialog = byId<HTMLDialogElement>('mail');
  readonly #receivers = byId<HTMLInputElement>('receivers');
  #url = '';

  constructor() {
    byId('mail-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    byId('mail-cancel').addEventListener('click', () => this.#dialog.close());
  }

  open(url: string, name: string): void {
    this.#url = url;
    byId('mail-document').textContent = name;
    this.#complain('');
    this.#dialog.showModal();
    this.#receivers.focus();
  }

  async #send(): Promise<void> {
    const receivers = this.#receivers.value.split(/[,;\s]+/).filter((address) => address !== '');
    if (receivers.length === 0) return this.#complain('RECEIVER_INVALID');
    try {
      await resendMail(this.#url, receivers, byId<HTMLInputElement>('attach').checked);
      this.#dialog.close();
      toast(say('mailSent'));
    } catch (error) {
      this.#complain(error instanceof ApiError ? error.code : 'unknown');
    }
  }

  #complain(code: string): void {
    byId('mail-error').textContent = code && sayError(code);
    this.#receivers.toggleAttribute('aria-invalid', false);
    if (code) this.#receivers.setAttribute('aria-invalid', 'true');
  }
}
